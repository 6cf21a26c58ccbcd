"""What Temco's T3 panels mean by their bytes: values, ranges, references, dates, products.

Owns the conversions between what a panel stores and what people read, both ways, and the tables
behind them. Owns no layout of blocks and no wire: it is asked by the drivers and by the schema.
"""
