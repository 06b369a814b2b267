package bluesky

import (
	"context"
	"fmt"

	"stagecoach/channels/media"
)

// pictures gives those of the post, as far as it's known what is attached to it.
func (e *envelope) pictures() []image {
	p, ok := e.shown()
	if !ok {
		return nil
	}
	if attached := p.Embed.media(); attached != nil {
		return attached.Images
	}
	return nil
}

// fetchFiles gets the pictures of a post. What can't be had is said, and loses
// nothing else.
func (a *Adapter) fetchFiles(ctx context.Context, env *envelope, pictures []image) {
	var addresses [][]string
	for _, img := range pictures {
		addresses = append(addresses, []string{img.Fullsize})
	}
	for i, got := range a.files.All(ctx, addresses) {
		one := file{URL: pictures[i].Fullsize, Type: got.Type, Data: got.Data, Error: got.Why}
		if got.Why == "" {
			ending := map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}[got.Type]
			one.Name = fmt.Sprintf("picture-%d%s", i+1, ending)
		}
		env.Files = append(env.Files, one)
	}
	if more := media.LeftOut(len(pictures)); more != "" {
		env.Notes = append(env.Notes, more)
	}
}
