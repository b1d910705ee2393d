"""What a call flow needs while it leads somebody: ``flow_desk`` its sounds and targets, ``flow_sounds`` the sounds of a
step, ``flow_trial`` a flow tried out without a call.
"""
