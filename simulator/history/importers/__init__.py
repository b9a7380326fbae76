"""Exports of CRMs and tables of any make, read as a History."""
