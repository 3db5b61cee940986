"""covariates"""
