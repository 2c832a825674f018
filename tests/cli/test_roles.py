def test_roles_are_previewed_applied_and_shown(terminal, tenant, tmp_path):
    file = tmp_path / "roles.toml"
    file.write_text('[dispatcher]\nname = "Dispatcher"\nprivileges = ["tours:write"]\n')
    (told,) = terminal.read("roles", "apply", tenant, str(file), "--preview")
    assert (told["role"], told["people"]) == ("dispatcher", 0)
    assert "version 1 of the roles: holds" in terminal.run("roles", "apply", tenant, str(file))
    assert "nothing to do" in terminal.run("roles", "apply", tenant, str(file))
    assert terminal.read("roles", "show", tenant)["dispatcher"]["privileges"] == ["tours:write"]
