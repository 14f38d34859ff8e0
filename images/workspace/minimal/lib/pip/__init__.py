"""Stands where pip would, in the image's own Python: says where packages go instead."""
