//! Who may do what: roles, the rights they carry, and the caller of a request.

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads what is served, guarded collections included.
    Viewer,
    /// Reads, and runs analyses, views and rule tests.
    Planner,
    /// Reads, acts on alarms, and attaches files.
    Operator,
    /// Reads, imports and attaches files, and sends readings.
    Integrator,
    /// Everything.
    Admin,
}

/// One thing that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Read guarded collections (cameras, staff, cases).
    ReadGuarded,
    /// Acknowledge, clear and comment alarms.
    HandleAlarms,
    /// Send observations.
    SendReadings,
    /// Import files.
    Import,
    /// Attach files to assets and take them away.
    Attach,
    /// Create and change alarm rules.
    EditRules,
    /// Keys, configuration, audit.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Planner, Self::Operator, Self::Integrator, Self::Admin];
    /// The role's word on the command line and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Planner => "planner",
            Self::Operator => "operator",
            Self::Integrator => "integrator",
            Self::Admin => "admin",
        }
    }
    /// The role called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
    /// Whether the role carries `right`.
    pub const fn has(self, right: Right) -> bool {
        match right {
            Right::ReadGuarded => true,
            Right::HandleAlarms => matches!(self, Self::Operator | Self::Admin),
            Right::SendReadings | Right::Import => matches!(self, Self::Integrator | Self::Admin),
            Right::Attach => matches!(self, Self::Operator | Self::Integrator | Self::Admin),
            Right::EditRules => matches!(self, Self::Operator | Self::Admin),
            Right::Administer => matches!(self, Self::Admin),
        }
    }
}
