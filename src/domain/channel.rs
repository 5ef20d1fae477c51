//! The ways to reach people.

use serde::{Deserialize, Serialize};

/// A way to reach people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mail over SMTP.
    Email,
    /// Shown on a page of the app.
    Banner,
    /// Told by a person who calls (a `call` task).
    Phone,
    /// Written on paper (a `letter` task).
    Letter,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Email, Self::Banner, Self::Phone, Self::Letter];

    /// The word used in policies and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Banner => "banner",
            Self::Phone => "phone",
            Self::Letter => "letter",
        }
    }

    /// Whether people of ours do it, as a task.
    #[must_use]
    pub const fn is_by_hand(self) -> bool {
        matches!(self, Self::Phone | Self::Letter)
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}
