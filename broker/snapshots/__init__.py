"""Still pictures: bounded, decoded and made small, as pure functions."""
