"""Money: from dated seats to invoices that add up.

- ``money`` whole minor units and one rounding, ``periods`` billing periods, ``local_days`` their instants;
- ``pricing`` the one pure function from facts to invoices; ``quote`` the same behind a public document;
- ``catalogue`` the plans as shipped, ``price_book`` the terms in force for a tenant, ``dated_terms`` how
  later ones take over;
- ``billing_terms`` a tenant's cap, floor, tax by ``tenant_terms``, ``credit`` what pays for its invoices;
- ``subscriptions`` what a tenant is billed by, ``subscription_terms`` its periods, ``runs`` the invoices that
  they ask for, ``cancel_subscription`` their end;
- ``seat_spans``, ``counted_facts`` and ``price_run`` from rows to prices, ``draft_invoice`` with what late
  facts change (``backdating``), ``close_period`` issuing it once and only once;
- ``invoice_draft``, ``invoice_document``, ``people_pages`` its content, ``issued_invoices`` reading it back,
  ``exports`` as files.
"""
