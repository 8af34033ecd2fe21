"""Links: how bytes come and go, one file each, strangers to one another.

memory   parties within one process
file     a recording on disk
udp      a live feed
"""
