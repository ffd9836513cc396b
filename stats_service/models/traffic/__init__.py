"""Visits, views and what they tell, as the layers exchange them."""
