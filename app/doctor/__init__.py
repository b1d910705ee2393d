"""What stands in the way of running Offhook here, one line a check, each with its mend."""
