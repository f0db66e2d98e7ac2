"""Tables of the clients domain: whom a retailer knows by name, card or number.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

import dataframely as dy


class ClientDelivery(dy.Schema):
    """A client as a source delivers it; nullable columns may be left out by a source."""

    client_id = dy.String()
    name = dy.String(nullable=True, metadata={"personal": True})
    email = dy.String(nullable=True, metadata={"personal": True})
    phone = dy.String(nullable=True, metadata={"personal": True})
    birth_year = dy.Int32(nullable=True, metadata={"personal": True})
    age = dy.Int32(nullable=True, metadata={"personal": True})
    gender = dy.String(nullable=True)
    city = dy.String(nullable=True)
    region = dy.String(nullable=True)
    loyalty_card = dy.Bool(nullable=True)
    created_on = dy.Date(nullable=True)


class Client(dy.Schema):
    """One client."""

    client_id = dy.String(primary_key=True, min_length=1)
    name = dy.String(nullable=True, metadata={"personal": True})
    email = dy.String(nullable=True, metadata={"personal": True})
    phone = dy.String(nullable=True, metadata={"personal": True})
    birth_year = dy.Int32(nullable=True, min=1890, max=2100, metadata={"personal": True})
    age = dy.Int32(nullable=True, min=0, max=120, metadata={"personal": True}, description="Years")
    gender = dy.String(nullable=True)
    city = dy.String(nullable=True)
    region = dy.String(nullable=True)
    loyalty_card = dy.Bool(nullable=True)
    created_on = dy.Date(nullable=True)
    copies = dy.Int64(min=1, description="Times the row was delivered; more than 1 for exact duplicates")
