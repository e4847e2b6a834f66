package recording

import (
	"context"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

// Brief gives what a list shows of one recording, to the program itself: whoever shows it to a person asks first whether
// they may know of it. Of a part that was joined into a recording it gives that one. NotFound "recording.unknown".
func (s *Service) Brief(ctx context.Context, id ident.RecordingID) (Recording, error) {
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil {
		return Recording{}, err
	}
	if rec, err = record.WholeOf(ctx, s.c.DB.Reader, rec); err != nil {
		return Recording{}, err
	}
	return recordingOf(rec), nil
}
