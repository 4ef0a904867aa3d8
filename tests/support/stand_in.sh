#!/bin/sh
# Stands in for the worker that reads files: does what the file it is given says. Called as the worker is:
# read --seconds=N --memory=N --bytes=N --vertices=N --attributes=N ... -- FILE
for file; do :; done
exec sh "$file"
