"""What a browser needs to sign in and out."""
