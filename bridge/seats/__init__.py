"""Who held which plan and roles when: facts and rules turned into half-open spans."""
