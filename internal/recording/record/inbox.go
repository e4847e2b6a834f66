package record

import (
	"slices"

	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// InboxFlags are the findings that a person must always do something about: they put a recording into the inbox (待认领)
// until somebody has settled it.
func InboxFlags() []Flag {
	return []Flag{
		FlagUnknownDevice, FlagDeviceDoubtful, FlagNoOfficer, FlagDamaged, Flag(media.FlagUnreadable), Flag(media.FlagEmpty),
		Flag(media.FlagForeign), Flag(media.FlagTruncated), Flag(media.FlagTimeMissing), FlagUnlike, FlagMalware,
	}
}

// TimeFlags are doubts of when a recording was made. They are told of everywhere, and ask for somebody only where the
// storage verdict hangs on the time: what was certainly in time, whichever reading is right, leaves nobody anything to do.
func TimeFlags() []Flag {
	return []Flag{Flag(media.FlagClockDoubt), Flag(media.FlagNameMismatch), Flag(media.FlagFuture)}
}

// Doubtful reports whether a verdict leaves somebody something to find out: it is late, or cannot be judged.
func Doubtful(v storage.Verdict) bool { return v == storage.Late || v == storage.CannotJudge }

// Asks gives the findings that ask for a person, under this verdict.
func Asks(flags []Flag, v storage.Verdict) []Flag {
	var out []Flag
	for _, f := range flags {
		if asks(f, v) || Doubtful(v) && slices.Contains(TimeFlags(), f) {
			out = append(out, f)
		}
	}
	return out
}

// asks reports whether a finding asks for a person. What a party handed in may be of any kind and from anywhere: only what became of
// its bytes here asks.
func asks(f Flag, v storage.Verdict) bool {
	if v == storage.NotOurs {
		return f == FlagDamaged || f == FlagMalware
	}
	return slices.Contains(InboxFlags(), f)
}

// Queue puts the recording into the inbox while something of it asks for a person, and takes it out when nothing does any
// more. It comes after every change of flags and verdict. What was settled stays settled. explained says that somebody wrote
// down a return or a designated storage, which is all that a late one asks for.
func (r *Recording) Queue(explained bool) {
	v := storage.Verdict(r.Verdict)
	waits := r.Unexplained() || v == storage.Late && !explained
	switch {
	case waits && r.Inbox == InboxNone:
		r.Inbox = InboxWaiting
	case !waits && r.Inbox == InboxWaiting:
		r.Inbox = InboxNone
	}
}

// AsksCustodian reports whether it waits in the inbox for more than the reason of a late storing.
func (r *Recording) AsksCustodian() bool { return r.Inbox == InboxWaiting && r.Unexplained() }

// Unexplained reports whether something of it must be found out and settled by a custodian, over and above the reason of a
// late storing, which is its officer's to give.
func (r *Recording) Unexplained() bool {
	return storage.Verdict(r.Verdict) == storage.CannotJudge ||
		slices.ContainsFunc(r.FlagList(), func(f Flag) bool { return asks(f, storage.Verdict(r.Verdict)) })
}
