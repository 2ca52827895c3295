"""Layouts of data sets that users have in a folder, a file each: the file's name is the data set's name.

A layout has `MARKS`, the files by which a folder is recognised, and `read(folder)`, which returns its `Listing`.
"""
