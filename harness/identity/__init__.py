"""What a result depends on, as digests of code: a changed method is run again, an unchanged one is not."""
