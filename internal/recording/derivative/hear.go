package derivative

import (
	"context"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/record"
)

// Silences listens to a file's sound and says where nothing is heard: a fact for the continuity verdict, of which nobody sees or hears
// anything. A frozen recording is not listened to. Faults as of Make; Invalid "derivative.…" where the file has nothing to listen to.
func (s *Service) Silences(ctx context.Context, id ident.FileID) ([]derive.Silence, error) {
	if s.c.Maker == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil {
		return nil, err
	}
	if s.c.Frozen != nil {
		if err := s.c.Frozen(ctx, file.Recording); err != nil {
			return nil, err
		}
	}
	src, done, err := s.original(ctx, file)
	if err != nil {
		return nil, err
	}
	defer done()
	return s.c.Maker.Silences(ctx, src)
}
