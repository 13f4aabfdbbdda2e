use super::*;

fn rule_at(place: &str, name: &str, keys: &str) -> String {
    with(keys).split(';').map(|key| format!("set {place} security rules {name} {}\n", key.trim())).collect()
}

fn order(set: &RuleSetExport) -> Vec<&str> {
    set.rules.rules().map(|rule| set.entry(rule.id).expect("an entry").name.as_str()).collect()
}

fn nested() -> String {
    [
        // In no order of any meaning.
        rule_at("shared post-rulebase", "shared-post", ANY),
        rule_at("device-group child post-rulebase", "child-post", ANY),
        rule_at("device-group child pre-rulebase", "child-pre", "destination x"),
        rule_at("device-group parent pre-rulebase", "parent-pre", "destination x"),
        rule_at("device-group parent post-rulebase", "parent-post", ANY),
        rule_at("shared pre-rulebase", "shared-pre", "destination x"),
        "set shared address x ip-netmask 192.0.2.1\n".to_owned(),
        "set device-group parent address x ip-netmask 192.0.2.2\n".to_owned(),
        "set device-group child devices 0001\n".to_owned(),
        "set device-group other devices 0002\n".to_owned(),
        "set readonly devices localhost.localdomain device-group child parent-dg parent\n".to_owned(),
    ]
    .concat()
}

#[test]
fn a_device_group_walks_the_rules_from_the_outside_in_and_back() {
    let export = read(&nested());
    let names: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["child", "parent", "other"]);
    assert_eq!(
        order(&export.rule_sets[0]),
        [
            "shared-pre",
            "parent-pre",
            "child-pre",
            "child-post",
            "parent-post",
            "shared-post",
            "intrazone-default"
        ]
    );
    assert_eq!(
        order(&export.rule_sets[1]),
        ["shared-pre", "parent-pre", "parent-post", "shared-post", "intrazone-default"]
    );
    assert_eq!(order(&export.rule_sets[2]), ["shared-pre", "shared-post", "intrazone-default"]);
    let (_, entry) = entry(&export.rule_sets[0], "parent-pre");
    assert_eq!(entry.list, "pre-rulebase of parent");
}

#[test]
fn objects_of_a_group_hide_those_further_out() {
    let export = read(&nested());
    for (set, address) in export.rule_sets.iter().zip(["192.0.2.2", "192.0.2.2", "192.0.2.1"]) {
        let (id, _) = entry(set, "shared-pre");
        let rule = set.rules.rule(id).expect("an enabled rule");
        assert_eq!(shown(&rule.matches), [format!("any>any any > {address} any []")], "{}", set.name);
    }
    let uses: Vec<u32> = export.inventory.objects.iter().map(|object| object.uses).collect();
    // Each place counts once for the object that it means, however many groups read it.
    assert_eq!(uses, [1, 3]);
}

#[test]
fn target_is_a_condition_on_the_firewall() {
    let text = [
        rule_at("device-group g pre-rulebase", "a", "target devices 0001"),
        rule_at("device-group g pre-rulebase", "b", "target negate yes"),
        "set device-group g pre-rulebase security rules b target devices 0001\n".to_owned(),
        rule_at("device-group g pre-rulebase", "c", "target negate no"),
    ]
    .concat();
    let export = read(&text);
    assert_eq!(shown(matches(&export, "a")), ["any>any any > any any [target 0001]"]);
    assert_eq!(shown(matches(&export, "b")), ["any>any any > any any [not target 0001]"]);
    assert_eq!(shown(matches(&export, "c")), ["any>any any > any any []"]);
}

#[test]
fn the_nearest_override_of_a_default_rule_counts() {
    let text = [
        nested(),
        "set shared post-rulebase default-security-rules rules intrazone-default action deny\n".to_owned(),
        "set device-group parent post-rulebase default-security-rules rules intrazone-default action allow\n"
            .to_owned(),
    ]
    .concat();
    let export = read(&text);
    let action = |index: usize| {
        let set: &RuleSetExport = &export.rule_sets[index];
        set.rules.rule(entry(set, "intrazone-default").0).expect("a rule").action
    };
    assert_eq!([action(0), action(1), action(2)], [Action::Permit, Action::Permit, Action::Deny]);
}

#[test]
fn rules_that_panorama_pushed_stand_around_the_firewalls_own() {
    let text = [
        rule_at("rulebase", "own", ANY),
        rule_at("panorama post-rulebase", "after", ANY),
        rule_at("panorama pre-rulebase", "before", "destination pushed"),
        "set panorama address pushed ip-netmask 192.0.2.1\n".to_owned(),
    ]
    .concat();
    let export = read(&text);
    assert_eq!(export.rule_sets.len(), 1);
    assert_eq!(order(&export.rule_sets[0]), ["before", "own", "after", "intrazone-default"]);
    assert_eq!(shown(matches(&export, "before")), ["any>any any > 192.0.2.1 any []"]);
}

#[test]
fn each_vsys_has_its_own_rules_and_objects() {
    let text = [
        rule_at("vsys vsys1 rulebase", "r", "destination x"),
        rule_at("vsys vsys2 rulebase", "r", "destination x"),
        "set vsys vsys1 address x ip-netmask 192.0.2.1\nset shared address x ip-netmask 192.0.2.9\n"
            .to_owned(),
    ]
    .concat();
    let export = read(&text);
    let of = |index: usize| {
        let set: &RuleSetExport = &export.rule_sets[index];
        (set.name.clone(), shown(&set.rules.rule(entry(set, "r").0).expect("a rule").matches))
    };
    assert_eq!(of(0), ("vsys1".to_owned(), vec!["any>any any > 192.0.2.1 any []".to_owned()]));
    assert_eq!(of(1), ("vsys2".to_owned(), vec!["any>any any > 192.0.2.9 any []".to_owned()]));
}

#[test]
fn two_rules_of_one_name_are_told_apart() {
    let text =
        [rule_at("shared pre-rulebase", "deny", ANY), rule_at("device-group g pre-rulebase", "deny", ANY)]
            .concat();
    assert_eq!(order(&read(&text).rule_sets[0]), ["deny", "deny (2)", "intrazone-default"]);
}

#[test]
fn device_groups_in_a_circle_end() {
    let text = format!(
        "{}set device-group a parent-dg b\nset device-group b parent-dg a\n",
        rule_at("device-group a pre-rulebase", "r", ANY)
    );
    assert_eq!(read(&text).rule_sets.len(), 2);
}
