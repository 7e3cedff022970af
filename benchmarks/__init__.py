"""One module per claim: each measures Entrevue beside its peers in the same run, one JSON object per row."""
