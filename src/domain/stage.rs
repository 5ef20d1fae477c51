//! Stages and roles.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a tenant may do, ordered by restriction.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Everything.
    #[default]
    Full,
    /// Everything, with a banner.
    Grace,
    /// Reading, and the ways out.
    ReadOnly,
    /// Only the ways out.
    Frozen,
}

impl Stage {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Full, Self::Grace, Self::ReadOnly, Self::Frozen];

    /// The word used in APIs, headers and configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        ["full", "grace", "read_only", "frozen"][self as usize]
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }

    /// Whether entering it is a cutoff: read-only and frozen are.
    #[must_use]
    pub const fn restricts(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Frozen)
    }
}

/// What a person is for a tenant, or for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Settles invoices.
    Billing,
    /// Runs the tenant's account.
    Admin,
    /// Uses the app.
    User,
    /// The operator's person for this tenant.
    AccountManager,
    /// The operator's person who decides.
    Owner,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Billing, Self::Admin, Self::User, Self::AccountManager, Self::Owner];

    /// The word used in events and policies.
    #[must_use]
    pub const fn word(self) -> &'static str {
        ["billing", "admin", "user", "account_manager", "owner"][self as usize]
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether people of this role may see amounts and pay (SPEC 6 "Refusals").
    #[must_use]
    pub const fn may_see_amounts(self) -> bool {
        matches!(self, Self::Billing | Self::Admin)
    }
}

/// A set of roles; `everyone` is all signed-in people, whatever their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Every signed-in person, with or without a role.
    pub const EVERYONE: Self = Self(0xff);

    /// From the one byte that it is in the compact form.
    #[must_use]
    pub const fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether people of `role` are among them.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether everybody is meant.
    #[must_use]
    pub const fn is_everyone(self) -> bool {
        self.0 == Self::EVERYONE.0
    }

    /// Whether nobody is meant.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two share a role.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The roles one by one, without `everyone`.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | 1 << role as u8))
    }
}

/// `everyone` beside the roles, in text.
const EVERYONE: &str = "everyone";

impl Serialize for Roles {
    /// A list of words in text, one byte in the compact form.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            serializer.serialize_u8(self.0)
        } else if self.is_everyone() {
            serializer.collect_seq([EVERYONE])
        } else {
            serializer.collect_seq(self.iter().map(Role::word))
        }
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u8::deserialize(deserializer).map(Self);
        }
        let words = Vec::<String>::deserialize(deserializer)?;
        let role = |set: Self, word: &String| match Role::from_word(word) {
            Some(role) => Ok(set.and(Self::from_iter([role]))),
            None if word == EVERYONE => Ok(Self::EVERYONE),
            None => Err(serde::de::Error::custom(format!("not a role: {word:?}"))),
        };
        words.iter().try_fold(Self::NONE, role)
    }
}
