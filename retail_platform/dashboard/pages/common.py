"""Addresses of pages to which other pages lead."""

STORE, PRODUCTS = "/store", "/products"
