"""What is read of calls: ``queries`` rows, ``explain`` their story in words, ``live_counts`` how many there are."""
