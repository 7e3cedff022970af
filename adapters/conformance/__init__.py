"""What every adapter must keep, as checks that anybody can run on theirs. Knows no adapter and no test framework."""
