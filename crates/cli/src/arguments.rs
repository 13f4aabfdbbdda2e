use clap::{Args, Parser, Subcommand, ValueEnum};
use diagnostics::Level;

/// Checks what firewalls permit against what has to get through.
#[derive(Debug, Parser)]
#[command(name = "flowright", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// When to colour the answer.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove what exports permit, deny or leave open of what policies declare.
    Check(Check),
    /// Ask what an export does with packets.
    Query(Query),
    /// Compare two exports, or two policies, by what they mean.
    Diff(Diff),
    /// Write proved fixes into exports; shows them only, unless told to write.
    Fix(Fix),
    /// Write what policies require as a vendor's rule set, read back and proved.
    Compile(Compile),
    /// Show an export as it is understood, and what became of every line.
    Import(Import),
    /// Lay out policies the one way.
    Fmt(Fmt),
    /// Show what the library demands, row by row.
    Library(Library),
    /// Run the tests that policies have.
    Test(Test),
    /// Keep address feeds beside the policies, pinned in `flowright.lock`; nothing is ever downloaded.
    Feed(Feed),
    /// Tell what a check is about.
    Explain(Explain),
}

/// What is checked.
#[derive(Args, Debug)]
pub struct Inputs {
    /// Policies: `.flow` files or folders of them; `-` is standard input. With none, the nearest folder that holds
    /// `flowright.toml`.
    #[arg(value_name = "POLICY")]
    pub policies: Vec<String>,
    /// An export to be checked although no `firewall` statement names it; `=FORMAT` says its format.
    #[arg(long, value_name = "FILE[=FORMAT]")]
    pub export: Vec<String>,
    /// The day on which waivers are judged; today, unless said.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// A statement of an export that is not understood is an error.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub inputs: Inputs,
    /// How to print the answer.
    #[arg(long, default_value = "full")]
    pub format: CheckFormat,
    /// The lowest level of a finding that makes the exit status 1.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the lines of policies and exports.
    Full,
    /// One line a finding.
    Concise,
    /// `flowright.check/1`.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Note,
    Warning,
    Error,
}

impl From<FailOn> for Level {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Note => Level::Note,
            FailOn::Warning => Level::Warning,
            FailOn::Error => Level::Error,
        }
    }
}

#[derive(Args, Debug)]
pub struct Query {
    /// The export to ask; `-` is standard input.
    #[arg(long, value_name = "FILE[=FORMAT]")]
    pub export: String,
    /// The rule set to ask, where the export has several.
    #[arg(long, value_name = "NAME")]
    pub rule_set: Option<String>,
    /// A flow, such as '10.0.0.1 -> 192.0.2.0/24 tcp/443'.
    #[arg(value_name = "FLOW", required_unless_present = "packets", conflicts_with = "packets")]
    pub flow: Option<String>,
    /// Packets to decide, a JSON object a line: src, dst, protocol, src_port, dst_port, in_interface, out_interface,
    /// icmp_type, icmp_code.
    #[arg(long, value_name = "FILE")]
    pub packets: Option<String>,
    /// How to print the answer to a flow.
    #[arg(long, default_value = "full")]
    pub format: TextOrJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    Full,
    Json,
}

#[derive(Args, Debug)]
pub struct Diff {
    /// An export (`FILE[=FORMAT]`) or a policy, before.
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The same, after.
    #[arg(value_name = "NEW")]
    pub new: String,
    #[arg(long, default_value = "full")]
    pub format: TextOrJson,
}

#[derive(Args, Debug)]
pub struct Fix {
    #[command(flatten)]
    pub inputs: Inputs,
    /// Write the fixed exports in place.
    #[arg(long, conflicts_with = "emit")]
    pub write: bool,
    /// Print the change in this form only.
    #[arg(long, value_name = "CARRIER")]
    pub emit: Option<Carrier>,
    /// Make fixes that newly deny something, or newly permit what nothing declares.
    #[arg(long = "unsafe")]
    pub unsafe_too: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Carrier {
    /// A unified diff of the exports.
    Diff,
    /// The vendor's commands.
    Commands,
    /// The vendor's commands that take the change back.
    Rollback,
}

#[derive(Args, Debug)]
pub struct Compile {
    /// Policies: `.flow` files or folders; `-` is standard input. With none, the nearest folder that holds
    /// `flowright.toml`.
    #[arg(value_name = "POLICY")]
    pub policies: Vec<String>,
    /// The vendor's format; `flowright import` names them.
    #[arg(long, value_name = "FORMAT")]
    pub to: String,
    /// The firewall to write for, where the policies have several.
    #[arg(long, value_name = "NAME")]
    pub firewall: Option<String>,
    /// Permit optional flows too.
    #[arg(long)]
    pub optional: bool,
    /// Only the packets of this family: some vendors keep each in a file of its own.
    #[arg(long, value_name = "FAMILY")]
    pub family: Option<FamilyName>,
    /// What the columns of the table mean, for `csv`.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<String>,
    /// Write to this file in place of standard output: whole, or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    Ipv4,
    Ipv6,
}

#[derive(Args, Debug)]
pub struct Import {
    /// The export; `-` is standard input. Of several, and of the files in a folder, only what became of them is shown.
    #[arg(value_name = "FILE[=FORMAT]", required = true)]
    pub exports: Vec<String>,
    #[arg(long, default_value = "full")]
    pub format: TextOrJson,
    /// Exit with 2 if a statement is not understood.
    #[arg(long)]
    pub strict: bool,
}

#[derive(Args, Debug)]
pub struct Fmt {
    /// Policies: `.flow` files or folders; `-` is standard input. With none, the nearest folder that holds
    /// `flowright.toml`.
    #[arg(value_name = "POLICY")]
    pub policies: Vec<String>,
    /// Change nothing; exit with 1 if something would change.
    #[arg(long)]
    pub check: bool,
}

#[derive(Args, Debug)]
pub struct Library {
    /// One module; with none, all are listed.
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,
    #[arg(long, default_value = "full")]
    pub format: TextOrJson,
}

#[derive(Args, Debug)]
pub struct Test {
    /// Policies: `.flow` files or folders. With none, the nearest folder that holds `flowright.toml`.
    #[arg(value_name = "POLICY")]
    pub policies: Vec<String>,
    /// Run the tests of the library instead.
    #[arg(long, conflicts_with = "policies")]
    pub library: bool,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// The check; with none, all are listed.
    #[arg(value_name = "CHECK")]
    pub check: Option<String>,
    #[arg(long, default_value = "full")]
    pub format: TextOrJson,
}

#[derive(Args, Debug)]
pub struct Feed {
    /// The folder of the project; the nearest one that holds `flowright.toml`, unless said.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<String>,
    #[command(subcommand)]
    pub command: FeedCommand,
}

#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// Copy a downloaded file into the project and pin it.
    Add {
        /// What the feed is called; its file becomes `feeds/NAME.json`.
        #[arg(value_name = "NAME")]
        name: String,
        /// The vendor's JSON; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        from_file: String,
        /// What it is: m365-endpoints, azure-service-tags, aws-ip-ranges. Detected, unless said.
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// The vendor's version; the file's own, or else its month, unless said.
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// Replace a feed's file by a newer one, pin that, and show the difference.
    Update {
        #[arg(value_name = "NAME")]
        name: String,
        /// The vendor's JSON; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        from_file: String,
        /// The vendor's version; the file's own, or else its month, unless said.
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// List the feeds, a line each.
    Status,
    /// Show what a newer file would change; exit with 1 if it would.
    Diff {
        #[arg(value_name = "NAME")]
        name: String,
        /// The newer file; `-` is standard input.
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Check that every file is the one that was pinned; exit with 1 if one is not, with 2 if one cannot be read.
    Verify,
}
