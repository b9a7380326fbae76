"""What happens to ARR, NRR and GRR?"""
