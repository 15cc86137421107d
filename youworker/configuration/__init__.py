"""What staff set by hand, as a file that another installation can be set up by."""
