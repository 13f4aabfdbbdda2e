//! The one set of findings that every renderer is tested with.

use crate::{Certainty, FileId, Finding, FixSummary, Level, Safety, Sources, Span, TextRange};

/// Files by position: the first is `FileId(0)`.
pub(super) struct Texts(pub(super) Vec<(String, String)>);

impl Sources for Texts {
    fn path(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].0
    }

    fn text(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].1
    }
}

impl Texts {
    /// Where a part of a file's text first stands.
    pub(super) fn find(&self, file: u32, part: &str) -> Span {
        let start = self.text(FileId(file)).find(part).expect("a part of the text");
        Span { file: FileId(file), range: TextRange::new(start, start + part.len()) }
    }
}

const POLICY: &str = "\
## Backup of Microsoft 365.
role backup_proxy = 10.20.5.0/28
role exchange_online = [\"outlook.office365.com\"]

exo: backup_proxy -> exchange_online tcp/443
role 事務所 = [192.0.2.0/24, 198.51.100.7] except 192.0.2.1
firewall oslo_edge {
  export = \"edge.conf\"
  guards = [
    backup_proxy,
    事務所,
  ] -> any
}
";

const EXPORT: &str = "access-list edge\r
\t10\tdeny\ttcp 10.20.5.0/24 any eq 443\r
\t20\tpermit\tip any any\r
";

const HOSTILE: &str = "set rule \"FW\u{1b}[2K\u{202e}24\u{202c}\" action allow\n";

const UNFINISHED: &str = "firewall oslo_edge {\n  guards = [backup_proxy] -> any\n";

pub(super) fn texts() -> Texts {
    let one_line = |rules: usize| {
        let rule = |number| format!(r#"{{"name":"rule-{number:05}","access":"Allow","port":"443"}}"#);
        format!("[{}]", (0..rules).map(rule).collect::<Vec<_>>().join(","))
    };
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Texts(vec![
        file("oslo.flow", POLICY),
        file("exports/edge.conf", EXPORT),
        file("exports/fw\u{1b}[31m.conf", HOSTILE),
        file("unfinished.flow", UNFINISHED),
        file("exports/nsg.json", &one_line(20_000)),
    ])
}

pub(super) fn no_label() -> Finding {
    Finding::new("unknown-format", Level::Error, "no format recognises `exports/core.bin`")
        .help("name the format: `--export exports/core.bin=FORMAT`")
}

pub(super) fn two_files(texts: &Texts) -> Finding {
    let mut finding = Finding::new(
        "missing-flow",
        Level::Error,
        "`exo` is denied at `oslo_edge`: `backup_proxy -> exchange_online tcp/443`",
    )
    .primary(texts.find(1, "deny"), "denies all of it")
    .secondary(texts.find(0, "exo"), "required here")
    .secondary(texts.find(0, "exchange_online tcp/443"), "this is never reached")
    .note("10.20.5.1 -> outlook.office365.com tcp/443 is one packet of it")
    .note("rule `10` decides it; rule `20` would permit it")
    .help("`flowright fix` shows the change");
    finding.requirement = Some("exo".to_owned());
    finding.firewall = Some("oslo_edge".to_owned());
    finding.rule = Some("10".to_owned());
    finding.witness = Some("10.20.5.1 -> outlook.office365.com tcp/443".to_owned());
    finding.blame = vec!["10".to_owned()];
    finding.fix = Some(FixSummary {
        safety: Safety::Safe,
        summary: "insert a permit of `exo` before rule `10`".to_owned(),
    });
    finding
}

pub(super) fn several_lines(texts: &Texts) -> Finding {
    let guards = texts.find(0, "[\n    backup_proxy,\n    事務所,\n  ]");
    Finding::new("unbound-role", Level::Warning, "`oslo_edge` guards a role without addresses")
        .primary(guards, "these are guarded")
        .secondary(texts.find(0, "role backup_proxy"), "")
}

/// A label over more lines than are shown.
pub(super) fn many_lines(texts: &Texts) -> Finding {
    let mut span = texts.find(0, "## Backup");
    span.range.end = texts.find(0, "firewall").range.start;
    Finding::new("unused-module", Level::Note, "nothing uses this module").primary(span, "all of this")
}

/// A label that takes in the line ends after it, in a file with carriage returns and tabs.
pub(super) fn tabs_and_line_ends(texts: &Texts) -> Finding {
    let rule = texts.find(1, "permit\tip any any\r\n");
    Finding::new("overbroad-rule", Level::Warning, "rule `20` permits more than is declared")
        .primary(rule, "all of it")
}

pub(super) fn wide_characters(texts: &Texts) -> Finding {
    Finding::new("unused-role", Level::Warning, "nothing uses `事務所`")
        .primary(texts.find(0, "事務所"), "defined here")
        .secondary(texts.find(0, "198.51.100.7"), "this address is in no flow")
        .help("remove the role")
}

pub(super) fn hostile_names(texts: &Texts) -> Finding {
    let name = "FW\u{1b}[2K\u{202e}24\u{202c}";
    let mut finding = Finding::new("shadowed-rule", Level::Warning, format!("rule `{name}` never decides"))
        .primary(texts.find(2, name), format!("`{name}` is shadowed"))
        .note("first line\nerror[forged]: a line of its own\u{85}")
        .help("remove\u{7} it");
    finding.rule = Some(name.to_owned());
    finding.certainty = Certainty::Possible;
    finding
}

pub(super) fn end_of_file(texts: &Texts) -> Finding {
    let end = texts.text(FileId(3)).len();
    let span = Span { file: FileId(3), range: TextRange::new(end, end) };
    Finding::new("syntax-error", Level::Error, "expected `}`, found the end of the file")
        .primary(span, "expected here")
        .secondary(texts.find(3, "{"), "opened here")
        .help("close the block")
}

/// Labels far apart in a line of a megabyte, and one that covers most of it.
pub(super) fn one_long_line(texts: &Texts) -> Finding {
    let mut rest = texts.find(4, r#"{"name":"rule-00300""#);
    rest.range.end = texts.find(4, r#"{"name":"rule-19000""#).range.start;
    Finding::new("redundant-rule", Level::Warning, "rule `rule-19999` changes nothing")
        .primary(texts.find(4, "rule-19999"), "redundant")
        .secondary(texts.find(4, "rule-00002"), "permits the same")
        .secondary(rest, "and these are between them")
}

pub(super) fn switched_off(texts: &Texts) -> Finding {
    Finding::new("unused-role", Level::Off, "nobody sees this").primary(texts.find(0, "exo"), "")
}

pub(super) fn all(texts: &Texts) -> Vec<Finding> {
    vec![
        no_label(),
        two_files(texts),
        several_lines(texts),
        many_lines(texts),
        tabs_and_line_ends(texts),
        wide_characters(texts),
        hostile_names(texts),
        end_of_file(texts),
        one_long_line(texts),
        switched_off(texts),
    ]
}
