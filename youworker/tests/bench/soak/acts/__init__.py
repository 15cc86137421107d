"""What users do under load: each act is one round, ends by itself, and checks what it got.

An act raises `LoadFault` when the product breaks a promise.
"""
