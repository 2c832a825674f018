"""What seats and consumption cost in a period: one pure function of terms and facts.

- ``price_period`` the function itself, ``invoices`` what it answers;
- ``terms`` what a plan costs, ``tiers`` prices by quantity, ``term_document`` the JSON of a term,
  ``conflicts`` terms that contradict each other, ``reading`` values with JSON pointers;
- ``period_days`` the local days of a period, ``windows`` the part of it in which a term is in force;
- ``cohorts`` people who hold the same and are priced once, ``ownership`` which plan a person's day belongs
  to, ``attribution`` where it is shown, ``counts`` what each counting basis makes of it, ``consumption``
  metered use;
- ``charges`` the lines of a term in their fixed order, ``annual`` commitments by the year,
  ``adjustments`` computed again minus issued, ``lines`` what all of them are made of,
  ``rows`` numbers of people, ``sharing`` a rounded amount among them.
"""
