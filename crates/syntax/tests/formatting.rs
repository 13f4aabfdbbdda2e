//! The canonical layout, by example.

use syntax::format;

/// Panics unless `text` is laid out as `expected`, and that as itself.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(format(text).as_deref(), Ok(expected));
    assert_eq!(format(expected).as_deref(), Ok(expected), "what is canonical stays as it is");
}

#[test]
fn blanks() {
    check("  role   a=b  ", "role a = b\n");
    check("exo :a->b   tcp / { 80,443 }   from\t1024-65535", "exo: a -> b tcp/{80, 443} from 1024-65535\n");
    check("role a = [ b|c ,( d or e ) , ]", "role a = [b | c, (d or e)]\n");
    check("parameter p:one of[a,b]=a{x=1}", "parameter p: one of [a, b] = a { x = 1 }\n");
    check("waive a-b at c rule \"d\"{}", "waive a-b at c rule \"d\" {}\n");
    check("role a = vb.b", "role a = vb.b\n");
    check("", "");
    check("\u{feff}\r\n\r\n", "");
}

#[test]
fn blank_lines() {
    check("\n\n\nrole a = b\n\n\n\nrole c = d\na -> b\n\n\n", "role a = b\n\nrole c = d\na -> b\n");
    check("when x == y {\n\n\n  a -> b\n\n\n  c -> d\n\n}", "when x == y {\n  a -> b\n\n  c -> d\n}\n");
    check("firewall f {\n\n  a = 1\n\n\n  b = 2\n\n}", "firewall f {\n  a = 1\n\n  b = 2\n}\n");
}

#[test]
fn columns() {
    check(
        "role a = 1\nrole longer = 2\n\nrole b = 3\nservice s = tcp\nservice web = udp\nrole c = 4",
        "role a      = 1\nrole longer = 2\n\nrole b = 3\nservice s   = tcp\nservice web = udp\nrole c = 4\n",
    );
    check(
        "import x {\n  a = 1\n  longer = 2 # why\n  b = any -> any # and this\n}",
        "import x {\n  a      = 1\n  longer = 2           # why\n  b      = any -> any  # and this\n}\n",
    );
    check("role a = 1\n# between\nrole longer = 2", "role a = 1\n# between\nrole longer = 2\n");
}

#[test]
fn blocks_on_one_line_stay_there() {
    check("firewall f { a = 1   b = 2 }", "firewall f { a = 1, b = 2 }\n");
    check("firewall f { a = 1\n b = 2 }", "firewall f {\n  a = 1\n  b = 2\n}\n");
    check("firewall f {\n a = 1,  b = 2,\n}", "firewall f {\n  a = 1\n  b = 2\n}\n");
    check("firewall f {\n}", "firewall f {}\n");
    check("when x == y { a -> b tcp/443 }", "when x == y { a -> b tcp/443 }\n");
    let long = "x".repeat(80);
    check(
        &format!("firewall f {{ export = \"{long}\" format = plain }}"),
        &format!("firewall f {{\n  export = \"{long}\"\n  format = plain\n}}\n"),
    );
}

#[test]
fn long_lists_have_an_element_a_line() {
    let element = "backup_proxy_in_oslo";
    let list = |separator: &str| [element; 5].join(separator);
    check(
        &format!("role a = [{}] except b", list(", ")),
        &format!("role a = [\n  {},\n] except b\n", list(",\n  ")),
    );
    check(
        &format!("role a = [\n{}\n]", [element; 3].join(",\n")),
        &format!("role a = [{}]\n", [element; 3].join(", ")),
    );
    // Exactly as wide as a line may be, and one more.
    let fits = format!("role a = [{}, {}]", "x".repeat(40), "y".repeat(47));
    assert_eq!(fits.len(), 100);
    check(&fits, &format!("{fits}\n"));
    assert_eq!(format(&fits.replace("role a", "role ab")).map(|text| text.lines().count()), Ok(4));
}

#[test]
fn tests_are_spread_out() {
    check(
        "test \"t\" { rules { allow a -> b } expect met x }",
        "test \"t\" {\n  rules { allow a -> b }\n  expect met x\n}\n",
    );
    check(
        "test \"t\" { rules { allow a -> b deny c -> d } expect met x expect missing y }",
        "test \"t\" {\n  rules {\n    allow a -> b\n    deny c -> d\n  }\n  expect met x\n  expect missing y\n}\n",
    );
}

#[test]
fn comments_on_their_own_lines() {
    check(
        "# top\n\n\n## doc\nrole a = b\n   # below\n\nwhen x == y {\n# in\n  a -> b\n      # last\n}\n# end",
        "# top\n\n## doc\nrole a = b\n# below\n\nwhen x == y {\n  # in\n  a -> b\n  # last\n}\n# end\n",
    );
    check(
        "role a = [\n# first\nb,\n\n# second\nc\n# last\n]",
        "role a = [\n  # first\n  b,\n\n  # second\n  c,\n  # last\n]\n",
    );
    check("firewall f {\n# only\n}", "firewall f {\n  # only\n}\n");
}

#[test]
fn comments_at_the_end_of_lines() {
    check("role a = b# why   ", "role a = b  # why\n");
    check("role a = b # x\nservice long = tcp # y", "role a = b          # x\nservice long = tcp  # y\n");
    check("when x == y { # why\n a -> b\n} # end", "when x == y {  # why\n  a -> b\n}  # end\n");
    check(
        "role a = [ # why\n b, # this\n c # that\n] # all",
        "role a = [  # why\n  b,  # this\n  c,  # that\n]  # all\n",
    );
    check("role a = [b # x\n, # y\n c]", "role a = [\n  b,  # x\n  # y\n  c,\n]\n");
}

#[test]
fn comments_inside_of_values() {
    check("role a = (b # x\n or # y\n c)", "role a = (\n  b  # x\n    or  # y\n    c\n)\n");
    check("firewall f { a # x\n = 1 }", "firewall f {\n  a  # x\n    = 1\n}\n");
    check(
        "role a = [tcp/ # x\n{80, # y\n 443}]",
        "role a = [\n  tcp/  # x\n    {\n      80,  # y\n      443,\n    },\n]\n",
    );
}

#[test]
fn texts_with_mistakes_are_left_alone() {
    let errors = format("role a = b\nrole c d").expect_err("a mistake");
    assert_eq!(errors.len(), 1);
}
