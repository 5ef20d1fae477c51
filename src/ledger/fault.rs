//! Named points at which a process can be made to die, as if killed there.
//!
//! Rules:
//! 1. Only debug builds have them; in others [`hit`] is nothing.
//! 2. A point that is armed ends the process at once, without unwinding or flushing.

/// Everywhere a process may be made to die, in the order of the road.
pub const POINTS: [&str; 8] = [
    "before-journal",
    "after-journal",
    "after-store",
    "after-decisions",
    "before-tried",
    "after-tried",
    "after-send",
    "before-receipt",
];

#[cfg(debug_assertions)]
static ARMED: std::sync::Mutex<Option<(String, u32)>> = std::sync::Mutex::new(None);

/// Arms `name`: the process dies there when it comes by for the `nth` time, from 1. `false`:
/// there is no such point, or this build has none.
#[must_use]
pub fn arm(name: &str, nth: u32) -> bool {
    let known = POINTS.contains(&name);
    #[cfg(debug_assertions)]
    if known {
        *ARMED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some((name.to_owned(), nth.max(1)));
    }
    let _ = nth;
    known && cfg!(debug_assertions)
}

/// Arms what `text` asks for: a point, or a point and a number as `after-store:3`.
///
/// # Errors
/// What would be right.
pub fn arm_as_asked(text: &str) -> Result<(), String> {
    let (point, nth) = text.split_once(':').unwrap_or((text, "1"));
    match nth.parse() {
        Ok(nth) if arm(point, nth) => Ok(()),
        _ if !cfg!(debug_assertions) => Err("this build has no fault points".to_owned()),
        _ => {
            Err(format!("{text:?} is none: one of {}, and :N for the Nth time", POINTS.join(", ")))
        }
    }
}

/// Dies here if this point is armed and its time has come.
#[inline]
pub fn hit(name: &str) {
    debug_assert!(POINTS.contains(&name), "not a fault point: {name}");
    #[cfg(debug_assertions)]
    {
        let mut armed = ARMED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((point, left)) = armed.as_mut().filter(|(point, _)| point == name) else { return };
        *left -= 1;
        if *left == 0 {
            tracing::error!(%point, "the process dies at an armed fault point");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_known_points_are_armed() {
        assert!(!super::arm("somewhere", 1));
        super::hit("after-store");
    }

    #[test]
    fn what_is_no_point_is_said_with_all_there_are() {
        for wrong in ["somewhere", "after-store:often", "after-store:-1", ""] {
            let said = super::arm_as_asked(wrong).unwrap_err();
            assert!(said.contains("before-tried"), "{said}");
        }
    }
}
