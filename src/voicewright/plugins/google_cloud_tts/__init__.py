"""Google Cloud Text-to-Speech: instant custom voices of Chirp 3, and its stock voices."""
