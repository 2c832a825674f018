from config.catalogue import plan_keys, roles


def test_the_eight_plans_have_keys_and_none_is_not_one_of_them():
    assert plan_keys() == {
        "standard", "premium", "admin", "api_developer", "read_only", "capped", "committed", "flexible",
    }  # fmt: skip


def test_every_role_says_what_it_may_do():
    assert {"admin", "analyst", "viewer", "developer", "billing", "auditor", "member"} <= roles().keys()
    for key, role in roles().items():
        assert role.key == key
        assert role.name
        assert role.description
        assert all(privilege.count(":") == 1 for privilege in role.privileges)
        assert len(set(role.privileges)) == len(role.privileges) > 0
