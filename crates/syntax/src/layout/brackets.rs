//! Which bracket closes which, judged from the whole text at once.

use crate::tokens::{Bracket, Token, TokenKind};

/// The other half of each bracket, where there is one.
pub(crate) struct Partners {
    partners: Vec<Option<usize>>,
}

impl Partners {
    /// A closing bracket closes the nearest open one of its kind; what was opened in between stays open.
    pub fn of(tokens: &[Token]) -> Self {
        let mut partners = vec![None; tokens.len()];
        let mut open: Vec<(usize, Bracket)> = Vec::new();
        // How many of each kind are open: without it a stray bracket would search the whole stack.
        let mut count = [0_usize; 3];
        for (position, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Open(bracket) => {
                    open.push((position, bracket));
                    count[bracket as usize] += 1;
                }
                TokenKind::Close(bracket) if count[bracket as usize] > 0 => {
                    while let Some((opening, kind)) = open.pop() {
                        count[kind as usize] -= 1;
                        if kind == bracket {
                            partners[opening] = Some(position);
                            partners[position] = Some(opening);
                            break;
                        }
                    }
                }
                _ => {}
            }
        }
        Partners { partners }
    }

    pub fn of_token(&self, position: usize) -> Option<usize> {
        self.partners.get(position).copied().flatten()
    }
}
