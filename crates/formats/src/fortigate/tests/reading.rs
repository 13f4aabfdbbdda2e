use super::*;
use crate::Detection;

const SMALL: &str = "config firewall policy\n    edit 1\n        set name \"out\"\n        set srcintf \"any\"\n        set dstintf \"any\"\n        set action accept\n        set srcaddr \"all\"\n        set dstaddr \"all\"\n        set schedule \"always\"\n        set service \"HTTPS\"\n    next\nend\n";

#[test]
fn a_whole_file_is_recognised_and_accounted_for() {
    let text = format!(
        "#config-version=FGT60F-7.0.10-FW-build0450-230101:opmode=0:vdom=0:user=admin\n#global_vdom=1\n\
         config system global\n    set hostname \"edge\"\nend\n\
         config vpn certificate local\n    edit \"own\"\n        set certificate \"-----BEGIN\nend\nnext\nconfig x\n-----END\"\n    next\nend\n\
         config system interface\n    edit \"port1\"\n        set ip 10.0.0.1 255.255.255.0\n    next\nend\n{SMALL}"
    );
    assert_eq!(Fortigate.detect(&text), Detection::Sure);
    let export = import(&text);
    assert_eq!(export.problems, []);
    let statements: Vec<&str> = export
        .coverage
        .statements
        .iter()
        .map(|it| text[std::ops::Range::from(it.place)].lines().next().unwrap())
        .collect();
    assert_eq!(
        statements,
        ["config system global", "config vpn certificate local", "edit \"port1\"", "edit 1"]
    );
    assert_eq!(
        export.coverage.totals().in_words(),
        "2 understood, 2 irrelevant, 0 approximated, 0 not understood"
    );
    assert_eq!(ask(&text, "10.0.0.9 -> 192.0.2.1 tcp/443"), "permit by policy 1");
    assert_eq!(ask(&text, "10.0.0.9 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
}

#[test]
fn entries_say_what_an_administrator_looks_for() {
    let text = with(
        "",
        &[
            policy(7, "set name \"web \\\"out\\\"\"\nset comments \"asked for BREAK\"\nset logtraffic all")
                .replace(" BREAK", "\nby two lines"),
            policy(3, "set status disable"),
        ],
    );
    let export = import(&text);
    let set = set(&export, "firewall policy");
    let names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["policy 7", "policy 3"]);
    let [first, second] = &set.entries[..] else { panic!() };
    assert_eq!(first.comment.as_deref(), Some("web \"out\": asked for\nby two lines"));
    assert!(first.logs && first.enabled && !first.implied);
    assert_eq!(&text[std::ops::Range::from(first.head)], "edit 7");
    assert!(text[std::ops::Range::from(first.place)].ends_with("next"));
    assert!(!second.enabled);
    assert_eq!(second.inactive, Some("disabled"));
    assert_eq!(set.rules.rules().count(), 1);
}

#[test]
fn the_order_of_the_file_decides_and_not_the_number() {
    let text = with("", &[policy(9, "set action deny\nset service \"SSH\""), policy(1, "")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/22"), "deny by policy 9");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/23"), "permit by policy 1");
}

#[test]
fn a_policy_without_an_action_denies() {
    let text = with("", &[policy(1, "unset action\nset service \"SSH\""), policy(2, "")]);
    assert!(!text.contains("edit 1\n        set action"));
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/22"), "deny by policy 1");
}

#[test]
fn scripts_move_clone_rename_and_delete() {
    let text = with(
        "config firewall address\n    edit \"old\"\n        set subnet 10.1.0.0/16\n    next\nend",
        &[
            policy(1, "set srcaddr \"old\""),
            policy(2, "set action deny"),
            policy(3, "set service \"SSH\""),
            "    move 2 before 1\n    clone 3 to 8\n    move 8 before 2\n    delete 3\n".to_owned(),
        ],
    );
    let text = format!("{text}config firewall address\n    rename \"old\" to \"new\"\nend\n");
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/22"), "permit by policy 8");
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/23"), "deny by policy 2");
    assert_eq!(problems(&text), [] as [String; 0]);
    // A name that was taken away is a mistake, one used before it was renamed is not.
    let later = format!("{text}{}", with("", &[policy(20, "set srcaddr \"old\"")]));
    assert_eq!(problems(&later), ["no address is called `old`"]);
}

#[test]
fn commands_that_fortios_refuses_change_nothing() {
    let text = with("", &[policy(1, ""), "    move 5 before 1\n    clone 1 to x\n    delete 9\n".to_owned()]);
    assert_eq!(
        problems(&text),
        ["nothing here is called `5`", "`x` is no name here, or is taken", "nothing here is called `9`"]
    );
    assert_eq!(set(&import(&text), "firewall policy").entries.len(), 1);
}

#[test]
fn append_unset_and_a_second_edit_change_what_was_said() {
    let address = |name: &str, net: &str| format!("    edit {name}\n        set subnet {net}\n    next\n");
    let text = with(
        &format!("config firewall address\n{}{}end", address("a", "10.1.0.0/16"), address("b", "10.2.0.0/16")),
        &[
            policy(1, "set srcaddr \"a\"\nappend srcaddr \"b\"\nset service \"SSH\" \"HTTP\"\nunselect service \"HTTP\""),
            "    edit 1\n        set action deny\n        unset action\n        set action accept\n    next\n".to_owned(),
        ],
    );
    for source in ["10.1.0.1", "10.2.0.1"] {
        assert_eq!(ask(&text, &format!("{source} -> 192.0.2.1 tcp/22")), "permit by policy 1");
    }
    assert_eq!(ask(&text, "10.1.0.1 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
}

#[test]
fn names_never_say_what_an_object_is() {
    let text = with(
        "config firewall address\n    edit \"net 10.9.9.9\"\n        set subnet 10.1.0.0 255.255.0.0\n    next\nend",
        &[policy(1, "set srcaddr \"net 10.9.9.9\"")],
    );
    assert_eq!(ask(&text, "10.9.9.9 -> 192.0.2.1 tcp/22"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.1.9.9 -> 192.0.2.1 tcp/22"), "permit by policy 1");
}

#[test]
fn words_of_the_command_line_are_quoted_in_many_ways() {
    let text = with(
        "config firewall address\n    edit 'a b'\n        set subnet 10.1.0.0/16\n    next\n    edit a\\ c\n        set subnet 10.2.0.0/16\n    next\n    edit \"x\"_y\n        set subnet 10.3.0.0/16\n    next\nend",
        &[policy(1, "set srcaddr \"a b\" 'a c' x_y")],
    );
    for source in ["10.1.0.1", "10.2.0.1", "10.3.0.1"] {
        assert_eq!(ask(&text, &format!("{source} -> 192.0.2.1 tcp/22")), "permit by policy 1");
    }
    let crlf = text.replace('\n', "\r\n");
    assert_eq!(ask(&crlf, "10.2.0.1 -> 192.0.2.1 tcp/22"), "permit by policy 1");
    assert_eq!(ask(&format!("\u{feff}{text}"), "10.2.0.1 -> 192.0.2.1 tcp/22"), "permit by policy 1");
}

#[test]
fn what_is_cut_off_is_refused() {
    let error = |text: &str| Fortigate.import(text).unwrap_err().message;
    assert_eq!(error(&SMALL[..SMALL.len() - 4]), "the file ends inside `config firewall policy`");
    assert_eq!(
        error(&format!("{SMALL}config log setting\n  set x\n")),
        "the file ends inside `config log setting`"
    );
    assert_eq!(error(&SMALL.replace("\"HTTPS\"", "\"HTTPS")), "a quote is never closed from here on");
    assert_eq!(error("config firewall address\nedit a\nnext\nend\n"), "the file has no policies");
}

#[test]
fn a_transcript_of_the_console_is_read() {
    let text = format!("FGT60F # show firewall policy\n{SMALL}\nFGT60F # \n");
    assert_eq!(ask(&text, "10.0.0.9 -> 192.0.2.1 tcp/443"), "permit by policy 1");
    assert_eq!(status(&text, "FGT60F # show").0, Status::Irrelevant);
}

#[test]
fn what_is_not_known_of_the_firewall_may_decide_anything() {
    let strange =
        format!("config firewall quantum-policy\n    edit 1\n        set x y\n    next\nend\n{SMALL}");
    assert_eq!(ask(&strange, "10.0.0.9 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(status(&strange, "edit 1").0, Status::Approximated);
    let strange = format!("config firewall quantum-setting\n    set x y\nend\n{SMALL}");
    assert_eq!(ask(&strange, "10.0.0.9 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(status(&strange, "config firewall quantum").0, Status::NotUnderstood);
    // Elsewhere it decides nothing, but it is not passed over in silence.
    let strange = format!("config quantum things\n    set x y\nend\n{SMALL}");
    assert_eq!(ask(&strange, "10.0.0.9 -> 192.0.2.1 tcp/443"), "permit by policy 1");
    assert_eq!(status(&strange, "config quantum").0, Status::NotUnderstood);
    let odd = SMALL.replace("set name \"out\"", "frobnicate");
    assert_eq!(ask(&odd, "10.0.0.9 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(status(&odd, "edit 1").0, Status::NotUnderstood);
}

#[test]
fn others_are_not_claimed() {
    for text in [
        "*filter\n:INPUT DROP [0:0]\nCOMMIT\n",
        "config system\n\toption hostname x\n",
        "firewall {\n    all-ping enable\n}\n",
        "set deviceconfig system hostname x\n",
        "hostname edge\ninterface Gi0/0\n ip address 10.0.0.1 255.0.0.0\nend\n",
        "",
    ] {
        assert_eq!(Fortigate.detect(text), Detection::No, "{text}");
    }
}
