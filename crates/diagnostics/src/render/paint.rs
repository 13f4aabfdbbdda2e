use std::io::{Result, Write};

use codespan_reporting::diagnostic::{LabelStyle, Severity};
use codespan_reporting::term::WriteStyle;

/// What codespan writes to: text, with escape codes where colour is wanted, and without spaces at the ends of lines.
pub(super) struct Painter {
    out: Vec<u8>,
    colour: bool,
    /// Spaces that are written once something follows them on their line.
    held: usize,
}

// Parameters of SELECT GRAPHIC RENDITION (ECMA-48, 8.3.117). Each begins with 0, because codespan sets one style after
// another without a reset between.
const BOLD: &str = "0;1";
const RED: &str = "0;31";
const YELLOW: &str = "0;33";
const GREEN: &str = "0;32";
const CYAN: &str = "0;36";
const RESET: &str = "0";

impl Painter {
    pub(super) fn new(colour: bool) -> Self {
        Painter { out: Vec::new(), colour, held: 0 }
    }

    pub(super) fn finish(self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    fn release(&mut self) {
        self.out.resize(self.out.len() + self.held, b' ');
        self.held = 0;
    }

    fn code(&mut self, parameters: &str) -> Result<()> {
        if self.colour {
            self.release();
            self.out.extend([b"\x1b[", parameters.as_bytes(), b"m"].concat());
        }
        Ok(())
    }
}

impl Write for Painter {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for byte in bytes {
            match byte {
                b' ' => self.held += 1,
                b'\n' => {
                    self.held = 0;
                    self.out.push(b'\n');
                }
                _ => {
                    self.release();
                    self.out.push(*byte);
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl WriteStyle for Painter {
    fn set_header(&mut self, severity: Severity) -> Result<()> {
        self.code(&format!("{BOLD};{}", colour_of(severity).trim_start_matches("0;")))
    }

    fn set_header_message(&mut self) -> Result<()> {
        self.code(BOLD)
    }

    fn set_line_number(&mut self) -> Result<()> {
        self.code(CYAN)
    }

    fn set_note_bullet(&mut self) -> Result<()> {
        self.code(CYAN)
    }

    fn set_source_border(&mut self) -> Result<()> {
        self.code(CYAN)
    }

    fn set_label(&mut self, severity: Severity, style: LabelStyle) -> Result<()> {
        self.code(match style {
            LabelStyle::Primary => colour_of(severity),
            LabelStyle::Secondary => CYAN,
        })
    }

    fn reset(&mut self) -> Result<()> {
        self.code(RESET)
    }
}

fn colour_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Bug | Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => GREEN,
        Severity::Help => CYAN,
    }
}
