//! What holds for every vendor in the table: a policy compiles to it or is refused with a reason, what is compiled meets
//! the policy, and a flow that is added to the policy is added to the export by a proved fix, with commands both ways.

use checks::Settings;
use compiler::{CompileOptions, Database, Date, FirewallValue, compile};
use diagnostics::Safety;
use formats::{FORMATS, Format};
use tests::project::{ExportText, Loaded, Texts, load};

/// What can be said by a vendor that knows addresses and ports only.
const POLICY: &str = "\
role clients = 10.20.64.0/24
role server  = [10.20.4.10, 10.20.4.16/28]
role outside = 192.0.2.0/24

web:  server -> outside tcp/{80, 443}
dns:  server -> 192.0.2.53 udp/53
desk: clients -> server tcp/3389

firewall edge {
  export = \"edge.txt\"
  inside = server
  guards = any -> server
  guards = server -> any
}
";

const ADDED: &str = "\nbackup: server -> 192.0.2.77 tcp/10006\n";

/// A mapping for the format that needs one.
const MAPPING: &str = "\
[columns]
name = \"Rule\"
action = \"Action\"
source = \"From\"
destination = \"To\"
service = \"Service\"
";

const DAY: Date = Date { year: 2027, month: 1, day: 1 };

fn project(policy: &str, export: &str, format: Option<&'static str>) -> Loaded {
    let mapping = (format == Some("csv")).then(|| MAPPING.to_owned());
    let export = ExportText { name: "edge.txt".to_owned(), format, mapping, text: export.to_owned() };
    let texts = Texts {
        policies: vec![("policy.flow".to_owned(), policy.to_owned())],
        exports: vec![export],
        ..Texts::default()
    };
    load(Database::default(), &texts, DAY).unwrap()
}

fn edge(loaded: &Loaded) -> FirewallValue {
    compiler::firewalls(&loaded.db, loaded.project).remove(0)
}

fn options(format: &dyn Format) -> CompileOptions {
    let mapping = (format.name() == "csv").then(|| MAPPING.to_owned());
    CompileOptions { mapping, ..CompileOptions::default() }
}

/// The policy as a text of the vendor.
fn compiled(format: &dyn Format) -> Result<String, String> {
    let loaded = project(POLICY, "", None);
    let compiled = compile(&loaded.db, loaded.project, &edge(&loaded), format, &options(format));
    compiled.map(|compiled| compiled.text).map_err(|problems| {
        problems.into_iter().map(|problem| format!("{}; {:?}\n", problem.message, problem.help)).collect()
    })
}

#[test]
fn a_policy_of_addresses_compiles_to_every_format() {
    let wrong: Vec<String> = FORMATS
        .iter()
        .filter_map(|format| compiled(*format).err().map(|why| format!("{}: {why}", format.name())))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_recognises_what_it_writes_and_no_other_does() {
    let mut wrong = Vec::new();
    for format in FORMATS.iter().filter(|format| format.name() != "csv") {
        let Ok(text) = compiled(*format) else { continue };
        let found = formats::detect(&text).map(|format| format.name());
        if found != Some(format.name()) {
            wrong.push(format!("{} is taken for {found:?}:\n{text}", format.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flow_that_is_added_to_the_policy_is_fixed_in_every_format() {
    let mut wrong = Vec::new();
    for format in FORMATS {
        let Ok(text) = compiled(*format) else { continue };
        if let Err(why) = fixed(*format, &text) {
            wrong.push(format!("{}: {why}\n{text}", format.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn fixed(format: &dyn Format, text: &str) -> Result<(), String> {
    let before = project(POLICY, text, Some(format.name()));
    let verdicts = verdicts(&before);
    if !verdicts.iter().all(|(_, verdict)| verdict == "met") {
        return Err(format!("what was compiled does not meet the policy: {verdicts:?}"));
    }
    let mut loaded = project(&format!("{POLICY}{ADDED}"), text, Some(format.name()));
    let lacking: Vec<String> =
        self::verdicts(&loaded).into_iter().filter(|(_, it)| it != "met").map(|(id, _)| id).collect();
    if lacking != ["backup"] {
        return Err(format!("only `backup` should be lacking, and it is {lacking:?}"));
    }
    let project = loaded.project;
    let fixes = checks::fix::fix(&mut loaded.db, project, &Settings::default(), false);
    let for_backup: Vec<_> = fixes.applied.iter().filter(|fix| fix.check == "missing-flow").collect();
    if for_backup.is_empty() || for_backup.iter().any(|fix| fix.proof.safety != Safety::Safe) {
        return Err(format!("no safe fix: {fixes:?}"));
    }
    let tables = ["plain", "csv"];
    let told = |commands: &[String]| !commands.is_empty() || tables.contains(&format.name());
    if !for_backup.iter().all(|fix| told(&fix.commands) && told(&fix.rollback)) {
        return Err(format!("the fix has no commands, or no way back: {for_backup:?}"));
    }
    let left: Vec<(String, String)> =
        self::verdicts(&loaded).into_iter().filter(|(_, verdict)| verdict != "met").collect();
    if left.is_empty() { Ok(()) } else { Err(format!("after the fix, {left:?}")) }
}

fn verdicts(loaded: &Loaded) -> Vec<(String, String)> {
    let report = checks::report(&loaded.db, loaded.project, &Settings::default());
    let lines = report.requirements.iter();
    lines.map(|line| (line.requirement.id.to_string(), line.verdict.as_str().to_owned())).collect()
}

/// The example names hosts by DNS: whoever cannot match names says so at the policy's line, and nobody panics.
#[test]
fn the_example_compiles_to_every_format_or_is_refused_with_a_reason() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/contoso/");
    let policy = std::fs::read_to_string(format!("{folder}contoso.flow")).unwrap();
    let read = |name: &str| std::fs::read_to_string(format!("{folder}exports/{name}")).unwrap();
    let exports = ["oslo-edge.rules", "azure-nsg.json"].map(|name| ExportText {
        name: format!("exports/{name}"),
        format: None,
        mapping: None,
        text: read(name),
    });
    let texts = Texts {
        policies: vec![("contoso.flow".to_owned(), policy)],
        exports: exports.into(),
        ..Texts::default()
    };
    let loaded = load(Database::default(), &texts, DAY).unwrap();
    let mut written = String::new();
    for firewall in compiler::firewalls(&loaded.db, loaded.project) {
        for format in FORMATS {
            let name = format.name();
            match compile(&loaded.db, loaded.project, &firewall, *format, &options(*format)) {
                Ok(compiled) => {
                    let rules: usize = compiled.listings.iter().map(|listing| listing.rules.len()).sum();
                    written.push_str(&format!("{} to {name}: {rules} rules\n", firewall.name));
                }
                Err(problems) => {
                    assert!(!problems.is_empty(), "{name} refuses without a reason");
                    for problem in problems {
                        assert!(problem.help.is_some(), "{name}: {}", problem.message);
                        assert!(matches!(problem.place, compiler::Anchor::Statement { .. }));
                        assert!(
                            !problem.message.contains("does not read back"),
                            "{name}: {}",
                            problem.message
                        );
                        written.push_str(&format!("{} to {name}: {}\n", firewall.name, problem.message));
                    }
                }
            }
        }
    }
    insta::assert_snapshot!("contoso_compiled", written);
}
