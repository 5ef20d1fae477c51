//! What is true around a tenant in random histories, for a while.

use ambergate::domain::plan::Situation;
use ambergate::domain::time::HOUR;

use crate::world::World;

/// The switch is open for so long.
pub fn open(world: &mut World, millis: i64) {
    world.situation.switch_open = true;
    world.run_until(world.now.plus_millis(millis));
    world.situation.switch_open = false;
    world.situation.generation += 1;
}

/// For so long nothing is enforced.
pub fn observe(world: &mut World, millis: i64) {
    world.situation.observed = true;
    open(world, millis);
    world.situation.observed = false;
}

/// For so many hours something is awry.
pub fn awry(world: &mut World, h: u8, set: fn(&mut Situation, bool)) {
    set(&mut world.situation, true);
    world.run_until(world.now.plus_millis(i64::from(h) * HOUR));
    set(&mut world.situation, false);
}

/// From now on a digest is required, and for so long none arrives.
pub fn lose_digests(world: &mut World, millis: i64) {
    (world.situation.digest_required, world.digests.lost) = (true, true);
    world.run_until(world.now.plus_millis(millis));
    world.digests.lost = false;
}

/// The control plane sleeps for so long.
pub fn sleep(world: &mut World, millis: i64) {
    world.off = true;
    world.run_until(world.now.plus_millis(millis));
    world.off = false;
}
