"""An agency's witness: sees that the log only grew since it last looked, and says so by its signature."""
