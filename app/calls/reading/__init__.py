"""What is read of calls: ``queries`` rows, ``explain`` their story in words, ``live_counts`` how many there are,
``log_lines`` the transitions, ``spans`` what a trace shows of them.
"""
