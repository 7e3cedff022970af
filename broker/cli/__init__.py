"""The command `entrevue`: client commands over HTTP, host commands on the broker's own stores."""
