"""Billing: from dated seats to invoices that add up.

What is read first:

- ``money`` whole minor units, exact fractions, one rounding; ``periods`` billing periods, ``local_days`` their days;
- ``terms`` what a plan costs, ``tiers`` prices by quantity, ``term_document`` the JSON of a term, ``conflicts`` terms that contradict;
- ``ownership`` which plan a person's day belongs to, ``counts`` what each counting basis makes of it,
  ``meters`` consumption;
- ``charges`` the lines of a term in their fixed order, ``annual`` commitments by the year,
  ``adjustments`` computed again minus issued;
- ``pricing`` the one pure function from facts to invoices, ``invoices`` what it answers;
- ``quote`` the same function behind a public document, ``reading`` its values with JSON pointers;
- ``catalogue`` the plans a customer starts with.
"""
