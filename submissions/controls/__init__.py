"""Control rows on captions and images: programs that know how worlds are drawn, and compete with nobody."""
