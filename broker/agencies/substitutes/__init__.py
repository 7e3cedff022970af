"""Who stands in for a custodian who is away: for a time, and by the hours of a week."""
