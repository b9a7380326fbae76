"""How well did past forecasts do?"""
