"""Still pictures: bounded, decoded, masked, judged and made small, as pure functions."""
