#!/bin/sh
# Stands in for the worker that reads IFC files: does what the file it is given says. Called as the worker is:
# read-ifc --bytes=N --seconds=N --memory=N --vertices=N --attributes=N -- FILE
exec sh "$8"
