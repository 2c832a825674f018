"""Billing: from dated seats to invoices that add up.

What is read first:

- ``money`` whole minor units, exact fractions, one rounding;
- ``periods`` billing periods, ``period_days`` their local days, ``windows`` the part a term is in force;
- ``terms`` what a plan costs, ``tiers`` prices by quantity, ``term_document`` the JSON of a term,
  ``conflicts`` terms that contradict each other;
- ``ownership`` which plan a person's day belongs to, ``attribution`` on which row it is shown,
  ``counts`` what each counting basis makes of it, ``consumption`` metered use;
- ``charges`` the lines of a term in their fixed order, ``annual`` commitments by the year,
  ``adjustments`` computed again minus issued, ``lines`` what all of them are made of;
- ``pricing`` the one pure function from facts to invoices, ``invoices`` what it answers;
- ``quote`` the same function behind a public document, ``reading`` its values with JSON pointers;
- ``catalogue`` the plans a customer starts with.
"""
